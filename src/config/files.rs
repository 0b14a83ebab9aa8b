//! Where the files are kept that people send.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Bus, Data, Secret, check::Report};

/// The folder in the data folder, where nothing else is said.
const FOLDER: &str = "files";

/// `[files]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// Empty: the folder `files` in the data folder. `file:///folder`, which must be there, or `s3://bucket/prefix`.
    pub url: String,
    /// Where the bucket's store answers; empty: Amazon's, by region.
    pub endpoint: String,
    /// The bucket's region.
    pub region: String,
    /// Who asks.
    pub key_id: String,
    /// What requests are signed with.
    pub secret: Secret,
    /// A file with that secret instead.
    pub secret_file: PathBuf,
    /// Whether the bucket's name stands in the path of addresses, or before the host.
    pub path_style: bool,
    /// Whether the endpoint may be asked without TLS.
    pub allow_http: bool,
    /// A PEM file with the authorities that may sign the endpoint's certificate; empty: the public ones.
    pub ca_file: PathBuf,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            url: String::new(),
            endpoint: String::new(),
            region: "us-east-1".into(),
            key_id: String::new(),
            secret: Secret::default(),
            secret_file: PathBuf::new(),
            path_style: true,
            allow_http: false,
            ca_file: PathBuf::new(),
        }
    }
}

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this server's own, which is made when missing.
    Own(PathBuf),
    /// A folder that was named, perhaps on a disk that several servers share.
    Named(PathBuf),
    /// A bucket of an S3-compatible store.
    Bucket {
        /// Its name.
        name: String,
        /// What stands before the names of all files there; may be empty.
        prefix: String,
    },
}

impl Files {
    /// Where files are kept; nothing when the address makes no sense.
    pub fn place(&self, data: &Data) -> Option<Place> {
        if self.url.is_empty() {
            return Some(Place::Own(data.dir.join(FOLDER)));
        }
        let url = Url::parse(&self.url).ok()?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.port().is_some() {
            return None;
        }
        match url.scheme() {
            "file" => url.to_file_path().ok().filter(|path| path.parent().is_some()).map(Place::Named),
            "s3" => {
                let (name, prefix) = (url.host_str()?.to_owned(), url.path().trim_matches('/').to_owned());
                let plain =
                    |text: &str, more: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
                let good = (3..=63).contains(&name.len()) && plain(&name, b".-") && plain(&prefix, b".-_/");
                good.then_some(Place::Bucket { name, prefix })
            }
            _ => None,
        }
    }

    /// Where a bucket is asked for; nothing: at Amazon's, by region.
    pub fn endpoint_of(&self, bucket: &str) -> Option<String> {
        let endpoint = Some(self.endpoint.trim_end_matches('/')).filter(|endpoint| !endpoint.is_empty())?;
        let (scheme, host) = endpoint.split_once("://")?;
        Some(if self.path_style { endpoint.to_owned() } else { format!("{scheme}://{bucket}.{host}") })
    }

    pub(super) fn check(&self, data: &Data, bus: &Bus, report: &mut Report) {
        let bus_is_used = bus.url.reveal().is_some();
        match self.place(data) {
            None => {
                // Whoever writes a key into the address must not find it in a log.
                let shown = if self.url.contains('@') { "(not shown)" } else { &self.url };
                let form = "write file:///folder or s3://bucket/prefix, or leave it empty for a folder in data.dir";
                report.refuse("files.url", shown, form);
            }
            Some(Place::Bucket { .. }) => self.check_bucket(report),
            Some(Place::Own(_)) if bus_is_used => report.warn(
                "files.url",
                "\"\"",
                "files that people send lie in this server's own data folder: unless that is a shared disk, the other \
                 servers do not find them",
            ),
            Some(_) => {}
        }
    }

    fn check_bucket(&self, report: &mut Report) {
        if self.key_id.is_empty() {
            report.refuse("files.key_id", "\"\"", "a bucket needs one");
        }
        if self.secret.reveal().is_some() != self.secret_file.as_os_str().is_empty() {
            report.refuse(
                "files.secret",
                "(not shown)",
                "set either this, better as PARLOR_FILES_SECRET, or files.secret_file",
            );
        }
        if self.region.is_empty() {
            report.refuse("files.region", "\"\"", "name one; stores without regions take us-east-1");
        }
        if !self.endpoint.is_empty() {
            self.check_endpoint(report);
        }
    }

    fn check_endpoint(&self, report: &mut Report) {
        let url = Url::parse(&self.endpoint).ok().filter(|url| {
            let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            ["http", "https"].contains(&url.scheme()) && url.has_host() && bare && url.username().is_empty()
        });
        let Some(url) = url else {
            report.refuse("files.endpoint", "(not shown)", "write https://host or https://host:port");
            return;
        };
        if url.scheme() == "https" {
            return;
        }
        if !self.allow_http {
            report.refuse("files.endpoint", &url, "without TLS only with files.allow_http = true");
        } else if !matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            report.warn("files.endpoint", &url, "without TLS somebody on the way can read and change files");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(files: &Files, bus: &str) -> Report {
        let mut report = Report::default();
        let bus = Bus { url: bus.into(), ..Bus::default() };
        files.check(&Data::default(), &bus, &mut report);
        report
    }

    fn at(url: &str) -> Files {
        Files { url: url.into(), ..Files::default() }
    }

    fn bucket() -> Files {
        Files { key_id: "AKIA".into(), secret: "hunter2".into(), ..at("s3://chat-files/parlor") }
    }

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        let place = |url: &str| at(url).place(&Data::default());
        assert_eq!(place(""), Some(Place::Own("data/files".into())));
        assert_eq!(place("file:///srv/chat%20files"), Some(Place::Named("/srv/chat files".into())));
        let named = |name: &str, prefix: &str| Some(Place::Bucket { name: name.into(), prefix: prefix.into() });
        assert_eq!(place("s3://chat-files"), named("chat-files", ""));
        assert_eq!(place("s3://chat-files/a/b/"), named("chat-files", "a/b"));
        for wrong in [
            "/srv/files",
            "file://host/srv",
            "file:///",
            "ftp://a/b",
            "file:///srv?x",
            "s3",
            "s3://a",
            "s3://a%20b",
            "s3:///x",
        ] {
            assert_eq!(place(wrong), None, "{wrong}");
            assert!(checked(&at(wrong), "").errors[0].contains("files.url"), "{wrong}");
        }
        let report = checked(&at("s3://AKIA:hunter2@bucket"), "");
        assert!(report.errors.len() == 1 && !report.errors[0].contains("hunter2"), "{report:?}");
    }

    #[test]
    fn several_servers_are_told_that_each_has_its_own_files() {
        assert_eq!(checked(&at(""), "").warnings, [""; 0]);
        assert!(checked(&at(""), "nats://127.0.0.1").warnings[0].contains("files.url"));
        assert_eq!(checked(&at("file:///srv/files"), "nats://127.0.0.1").warnings, [""; 0]);
        assert_eq!(checked(&bucket(), "nats://127.0.0.1").warnings, [""; 0]);
    }

    #[test]
    fn a_bucket_needs_a_key_and_one_secret_that_is_never_shown() {
        let refused = |files: Files| {
            let report = checked(&files, "");
            assert!(!format!("{files:?}{report:?}").contains("hunter2"), "{report:?}");
            report.errors.join("\n")
        };
        assert_eq!(refused(bucket()), "");
        assert_eq!(refused(Files { secret: "".into(), secret_file: "/run/secret".into(), ..bucket() }), "");
        assert!(refused(Files { key_id: String::new(), ..bucket() }).contains("files.key_id"));
        assert!(refused(Files { secret: "".into(), ..bucket() }).contains("files.secret_file"));
        assert!(refused(Files { secret_file: "/run/secret".into(), ..bucket() }).contains("either"));
        assert!(refused(Files { region: String::new(), ..bucket() }).contains("files.region"));
    }

    #[test]
    fn an_endpoint_without_tls_must_be_allowed() {
        let with = |endpoint: &str, allow_http| {
            let files = Files { endpoint: endpoint.into(), allow_http, ..bucket() };
            let report = checked(&files, "");
            (report.errors.len(), report.warnings.len())
        };
        assert_eq!(with("https://s3.example:9000", false), (0, 0));
        assert_eq!(with("http://127.0.0.1:9000", false), (1, 0));
        assert_eq!(with("http://127.0.0.1:9000", true), (0, 0));
        assert_eq!(with("http://s3.example", true), (0, 1));
        for wrong in ["s3.example", "ftp://s3.example", "https://a:b@s3.example", "https://s3.example/path"] {
            assert_eq!(with(wrong, true), (1, 0), "{wrong}");
        }
    }

    #[test]
    fn the_bucket_stands_in_the_path_or_before_the_host() {
        let files = Files { endpoint: "https://s3.example:9000/".into(), ..bucket() };
        assert_eq!(files.endpoint_of("chat").unwrap(), "https://s3.example:9000");
        let files = Files { path_style: false, ..files };
        assert_eq!(files.endpoint_of("chat").unwrap(), "https://chat.s3.example:9000");
        assert_eq!(bucket().endpoint_of("chat"), None);
    }
}
