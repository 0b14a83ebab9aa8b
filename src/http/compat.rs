//! Scripts and pages for sites that were written for the original chat widget ("Chat widget: public surface").
//!
//! One script, the adapter, gives such a page the global objects that its code calls. What people see is ours: the
//! desk's own frame for visitors, and a frame in which a user with a token talks to other users. Two check pages drive
//! an SDK against this server.

mod adapter;
mod check;
mod frame;

pub(super) use self::{
    adapter::adapter,
    check::{api_test, connect_check, runner},
    frame::{desk, frame},
};

use serde::Deserialize;

use crate::{
    im::Im,
    model::{AppKey, Code, Fault, Site},
};

/// Which app's page asks.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// The App Key, as the page's own code has it.
    app: String,
    /// The page's origin: one of the app's sites lists it.
    page: String,
}

/// The site of the app that lists this origin. An unknown app and an origin that no site lists get the same answer (E2).
async fn site(im: &Im, asked: &Asked) -> Result<Site, Fault> {
    let unknown = || Fault::new(Code::NotFound, "no site of this app lists the page's origin");
    let app: AppKey = asked.app.parse().map_err(|_| unknown())?;
    let sites = im.sites(&app).await?;
    sites.into_iter().find(|site| site.origins.iter().any(|origin| origin.matches(&asked.page))).ok_or_else(unknown)
}
