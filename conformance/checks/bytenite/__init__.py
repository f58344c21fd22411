"""ByteNite's own requirements. One file per subject, as the catalogue files them."""
