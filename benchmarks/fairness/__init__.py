"""Fair shares: how much one small account, or a stranger, slows down another tenant."""
