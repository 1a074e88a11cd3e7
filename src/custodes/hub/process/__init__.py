"""Durable work on a clip after it arrived."""
