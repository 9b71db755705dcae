"""Images: compressed frames as numbers, numbers as pictures. Pure."""
