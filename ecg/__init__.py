"""Electrocardiograms: calibrated leads out of what devices send, and the drawing at true scale. Pure."""
