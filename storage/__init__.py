"""The archive: the one door through which every instance enters and leaves."""
