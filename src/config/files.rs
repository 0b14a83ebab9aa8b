//! Where the files are kept that people send.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Bus, Data, check::Report};

/// The folder in the data folder, where nothing else is said.
const FOLDER: &str = "files";

/// `[files]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// Empty: the folder `files` in the data folder. Otherwise `file:///folder`, which must be there.
    pub url: String,
}

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this server's own, which is made when missing.
    Own(PathBuf),
    /// A folder that was named, perhaps on a disk that several servers share.
    Named(PathBuf),
}

impl Files {
    /// Where files are kept; nothing when the address makes no sense.
    pub fn place(&self, data: &Data) -> Option<Place> {
        if self.url.is_empty() {
            return Some(Place::Own(data.dir.join(FOLDER)));
        }
        let url = Url::parse(&self.url).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none();
        match url.scheme() {
            "file" if plain => url.to_file_path().ok().filter(|path| path.parent().is_some()).map(Place::Named),
            _ => None,
        }
    }

    pub(super) fn check(&self, data: &Data, bus: &Bus, report: &mut Report) {
        if self.place(data).is_none() {
            report.refuse("files.url", &self.url, "write file:///folder, or leave it empty for a folder in data.dir");
        }
        if self.url.is_empty() && bus.url.reveal().is_some() {
            report.warn(
                "files.url",
                "\"\"",
                "files that people send lie in this server's own data folder: unless that is a shared disk, the other \
                 servers do not find them",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str, bus: &str) -> Report {
        let mut report = Report::default();
        let bus = Bus { url: bus.into(), ..Bus::default() };
        Files { url: url.into() }.check(&Data::default(), &bus, &mut report);
        report
    }

    #[test]
    fn a_place_is_a_folder() {
        let place = |url: &str| Files { url: url.into() }.place(&Data::default());
        assert_eq!(place(""), Some(Place::Own("data/files".into())));
        assert_eq!(place("file:///srv/chat%20files"), Some(Place::Named("/srv/chat files".into())));
        for wrong in ["/srv/files", "file://host/srv", "file:///", "ftp://a/b", "file:///srv?x", "s3"] {
            assert_eq!(place(wrong), None, "{wrong}");
            assert!(checked(wrong, "").errors[0].contains("files.url"), "{wrong}");
        }
    }

    #[test]
    fn several_servers_are_told_that_each_has_its_own_files() {
        assert_eq!(checked("", "").warnings, [""; 0]);
        assert!(checked("", "nats://127.0.0.1").warnings[0].contains("files.url"));
        assert_eq!(checked("file:///srv/files", "nats://127.0.0.1").warnings, [""; 0]);
    }
}
