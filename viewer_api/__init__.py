"""The HTTP edge: DICOMweb and the hub's own API, translated into acts of the rooms below."""
