//! x
mod recorded_tmp;
