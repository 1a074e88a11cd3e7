"""Consent: who was shown which text, what they answered, and who is told when somebody watches them."""
