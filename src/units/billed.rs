//! Billed quantities: a price can only multiply its own unit.
