"""What the reading physician said: drafts, signed reports, their SR and PDF, how the clinic gets them."""
