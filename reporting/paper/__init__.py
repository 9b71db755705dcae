"""The printed sheet: its layout, and the words on it that are not the report's own."""
