//! A small nested service with filters, drawn and written.
