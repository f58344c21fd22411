"""What every API owes. One file per subject, as the catalogue files them."""
