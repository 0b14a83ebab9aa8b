//! What clients and back ends of the compatible protocol ask over HTTP (docs/COMPATIBLE.md).

pub mod api;
