"""What reading needs, prepared beside the archive: where frames lie, metadata, pictures. Follows the feed."""
