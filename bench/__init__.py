"""Measurements beside other archives: what is asked, of whom, and how the answers compare."""
