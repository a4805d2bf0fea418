//! The host from outside: through its library, its binary, and both transports.
