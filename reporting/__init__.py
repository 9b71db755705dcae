"""What the reading physician said: drafts, signed reports, their SR and PDF, and how they reach the clinic."""
