"""One module for each kind of ECG file; `recognition` tells which of them a file is. Pure."""
