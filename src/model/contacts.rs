//! Two lists that every user has: whom they do not want to hear, and whom alone they want to hear.

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contacts {
    /// Those who cannot write to the user in private.
    Blocked,
    /// Those who alone can, in apps that want it so.
    Allowed,
}
