"""The door for units: enrolment, heartbeats, declarations, resumable upload."""
