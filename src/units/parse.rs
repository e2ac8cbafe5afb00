//! Text to quantities, exactly.
