//! What the program tells about itself: logs for people, figures for Prometheus.
//!
//! Floor 1. Neither ever holds message text, names, e-mail, addresses, tokens or query strings (L1).

pub mod figures;
pub mod hooks;
pub mod log;
pub mod upstream;

pub use figures::Figures;
pub use hooks::HookFigures;
pub use upstream::UpstreamFigures;
