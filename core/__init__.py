"""The shared kernel: words that every room uses, and nothing that touches the outside."""
