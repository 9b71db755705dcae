"""Whose turn it is to read: cases, workitems, urgency, requests."""
