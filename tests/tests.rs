//! One integration binary: links once.

mod init_oracles;
