//! What pages need beside data: texts in the reader's language, the site's colours, the looks of people.
//!
//! Floor 2. Pure functions of their arguments; knows no request, no store and no template.

pub mod locale;
pub mod palette;
pub mod people;

pub use locale::{Catalogue, Locale};
pub use palette::Palette;
