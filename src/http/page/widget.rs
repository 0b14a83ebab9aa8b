//! The visitor's side: the pasted script, the page in the frame, the visitor's session.

mod carried;
mod frame;
mod launcher;
mod rows;
mod session;

pub(in crate::http) use frame::blank;
pub use frame::frame;
pub(in crate::http) use launcher::answer as wrapped_script;
pub use launcher::launcher;
pub(in crate::http) use rows::Row;
pub use session::{Mints, session, visitor_token};

use crate::{
    im::Im,
    model::{Code, Fault, Site},
};

/// The site a path names. Unknown and malformed keys get the same answer (E2).
async fn site(im: &Im, key: &str) -> Result<Site, Fault> {
    let unknown = || Fault::new(Code::NotFound, "there is no such site");
    let key = key.parse().map_err(|_| unknown())?;
    im.site(&key).await?.ok_or_else(unknown)
}
