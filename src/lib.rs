//! Linear regression by hand-derived gradient descent, from CSV to a model.
//!
//! ```text
//!  files, stdin         data/            summary/            fit/                 model/
//!  ───────────►  records ─────► batches ─────────► triangle R ─────► problem ─────► weights ─────► predictions
//!                (CSV)          (numbers)          (any number        descent        (JSON,        (CSV)
//!                                                  of rows)          or exact        exports)
//!                                                     ▲ │               │
//!                                                     │ ▼               ▼ epochs
//!                                               summary lines       observers/: printer, progress, history
//! ```
//!
//! For squared error, the small triangle R of the QR factorization of the rows [1 X Y] carries all their information: ‖[1 X
//! Y] v‖² = ‖R v‖² for every v. Rows are therefore read once, on all cores, and the cost of an epoch does not depend on
//! their number; see [`summary`].
//!
//! **Training is an iterator of epochs**, and reading is a fold over batches. The command drives both, so the core needs no
//! lock and never prints.
//!
//! Conventions:
//! - X is n×p (rows × features), Y is n×k (rows × targets), W is k×p, b is k; predictions are P = X Wᵀ + 1 bᵀ.
//! - The mean squared error is Σ (P − Y)² / (n·k), over **all** elements, as in PyTorch's `MSELoss`.
//! - The loss of epoch i is the one **before** update i; epochs count from 0.
//! - Everything is `f64`.
//!
//! A module uses only modules of a lower rank: 6 [`cli`] · 5 [`observers`], [`report`], [`export`] · 4 [`model`] · 3 [`fit`], [`sql`] ·
//! 2 [`summary`] · 1 [`data`], [`init`], [`output`], [`document`] · 0 [`error`], [`pair`], [`signals`].
//!
//! See [`fit`] for a run in a few lines, and `docs/tour.md` for a tour that follows one row and one hyperparameter.

pub mod cli;
pub mod data;
pub mod document;
pub mod error;
pub mod export;
pub mod fit;
pub mod init;
pub mod model;
pub mod observers;
pub mod output;
pub mod pair;
pub mod report;
pub mod signals;
pub mod sql;
pub mod summary;
