"""The DIMSE edge: associations of known devices, translated into acts of the archive."""
