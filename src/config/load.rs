//! Putting the layers together: defaults < file < environment < flags.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, check};

/// Settings given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The file to read; without it `PARLOR_CONFIG`, then `widget.toml` in the working folder if it is there.
    pub file: Option<PathBuf>,
    /// Instead of `server.listen`.
    pub listen: Option<SocketAddr>,
    /// Instead of `data.dir`.
    pub data: Option<PathBuf>,
}

/// Settings that were found good.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file they came from, if any.
    pub file: Option<PathBuf>,
    /// What is legal but risky.
    pub warnings: Vec<String>,
}

/// Why the settings were refused; one line per reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl ConfigError {
    fn one(reason: impl Into<String>) -> Self {
        Self(vec![reason.into()])
    }
}

/// Variables whose values are never shown.
const SECRET: [&str; 4] = ["STORE_URL", "BUS_URL", "DATA_KEY", "FILES_SECRET"];

/// What is said of a variable that nobody knows. Its value is not shown: it may be a secret under a wrong name.
const UNKNOWN: &str = "there is no such setting; `parlor default-config` lists them all";

/// Reads and checks all layers. `environment` is the process's; only names that begin with `PARLOR_` count.
pub fn load(flags: &Flags, environment: impl IntoIterator<Item = (String, String)>) -> Result<Loaded, ConfigError> {
    let mut environment: Vec<_> = environment
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("PARLOR_")?.to_owned(), value)))
        .collect();
    environment.sort();
    let named = environment.iter().position(|(name, _)| name == "CONFIG").map(|at| environment.remove(at).1);
    let file = flags.file.clone().or(named.map(PathBuf::from)).or_else(file_in_working_folder);

    let mut config = file.as_deref().map_or_else(|| Ok(Config::default()), read_file)?;
    let mut errors = Vec::new();
    for (name, value) in &environment {
        match with_variable(&config, name, value) {
            Ok(changed) => config = changed,
            Err(reason) if reason == UNKNOWN || SECRET.contains(&name.as_str()) => {
                errors.push(format!("PARLOR_{name}: {reason}"));
            }
            Err(reason) => errors.push(format!("PARLOR_{name} = {value}: {reason}")),
        }
    }
    if let Some(listen) = flags.listen {
        config.server.listen = listen;
    }
    if let Some(data) = &flags.data {
        config.data.dir.clone_from(data);
    }
    let report = check::check(&config);
    errors.extend(report.errors);
    if errors.is_empty() { Ok(Loaded { config, file, warnings: report.warnings }) } else { Err(ConfigError(errors)) }
}

fn file_in_working_folder() -> Option<PathBuf> {
    let path = PathBuf::from("widget.toml");
    path.is_file().then_some(path)
}

fn read_file(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::one(format!("cannot read {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| ConfigError::one(format!("{}, {}", path.display(), told(&error, &text))))
}

/// What is wrong with a file, and where: its line is never shown, there may be a password in it.
fn told(error: &toml::de::Error, text: &str) -> String {
    let reason = without_text(error.message());
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return reason };
    let number = before.matches('\n').count() + 1;
    let key = text.lines().nth(number - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
    // What stands there may be the middle of anything: only what is surely a setting's name is shown.
    match key.filter(|key| is_a_key(key)) {
        Some(key) => format!("line {number}, {key}: {reason}"),
        None => format!("line {number}: {reason}"),
    }
}

/// A reason without the text that was found instead of something else.
fn without_text(reason: &str) -> String {
    let quoted = reason.find("string \"").zip(reason.rfind("\", expected"));
    match quoted.and_then(|(from, to)| reason.get(..from + "string".len()).zip(reason.get(to + 1..))) {
        Some((before, after)) => format!("{before}{after}"),
        None => reason.to_owned(),
    }
}

/// Whether some section has a setting of that name.
fn is_a_key(name: &str) -> bool {
    let sections = Table::try_from(Config::default()).expect("settings are plain data");
    sections.values().filter_map(Value::as_table).any(|section| section.contains_key(name))
}

/// `SERVER_LISTEN` is `server.listen`; the value is read as what the setting is: number, yes or no, list, text.
fn with_variable(config: &Config, name: &str, value: &str) -> Result<Config, String> {
    let mut table = Table::try_from(config).expect("settings are plain data");
    let lower = name.to_ascii_lowercase();
    let setting = lower
        .split_once('_')
        .and_then(|(section, key)| table.get_mut(section)?.as_table_mut()?.get_mut(key))
        .ok_or(UNKNOWN)?;
    *setting = match setting {
        Value::Integer(_) => Value::Integer(value.parse().map_err(|_| "must be a whole number")?),
        Value::Boolean(_) => Value::Boolean(value.parse().map_err(|_| "must be true or false")?),
        Value::Array(_) => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => Value::String(value.to_owned()),
    };
    table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_from(file: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Loaded, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(&Flags { file: Some(path), ..flags }, environment)
    }

    fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
        load_from(file, environment, Flags::default()).unwrap_err().to_string()
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\nstop_secs = 5\nworkers = 2";
        let environment = [("PARLOR_SERVER_LISTEN", "127.0.0.1:2"), ("PARLOR_SERVER_WORKERS", "3")];
        let flags = Flags { listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
        let server = load_from(file, &environment, flags).unwrap().config.server;
        assert_eq!((server.listen.port(), server.workers, server.stop_secs), (3, 3, 5));
    }

    #[test]
    fn lists_and_booleans_come_from_the_environment() {
        let environment =
            [("PARLOR_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1"), ("PARLOR_DEMO_ENABLED", "false"), ("PATH", "/bin")];
        let config = load_from("", &environment, Flags::default()).unwrap().config;
        assert_eq!(config.server.trusted_proxies.len(), 2);
        assert!(!config.demo.enabled);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = refusal("[server]\nlissten = \"127.0.0.1:1\"", &[]);
        assert!(text.contains("unknown field `lissten`") && text.contains("test.toml"), "{text}");
    }

    #[test]
    fn an_unknown_variable_is_refused_by_name() {
        for name in ["PARLOR_SERVER_LISSTEN", "PARLOR_LISTEN", "PARLOR_X_Y", "PARLOR_"] {
            let text = refusal("", &[(name, "hunter2")]);
            assert!(text.contains(name) && text.contains("no such setting"), "{text}");
            assert!(!text.contains("hunter2"), "it may be a secret under a wrong name: {text}");
        }
    }

    #[test]
    fn a_line_with_a_mistake_is_named_and_never_shown() {
        for (file, line) in [
            ("[store]\nurl = \"postgres://a:hunter2@b/c", "line 2"),
            ("[store]\nurl = postgres://a:hunter2@b/c", "line 2"),
            ("[store]\nurl = \"postgres://a:\"hunter2\"@b/c\"", "line 2"),
            ("\nstore = \"postgres://a:hunter2@b/c\"", "line 2"),
            ("[limits]\nidle_secs = \"hunter2\\\", expected\"", "line 2, idle_secs"),
            ("[store]\nuri = \"postgres://a:hunter2@b/c\"", "unknown field `uri`"),
            ("[store]\nurl = [\"hunter2\"]", "line 2, url"),
            ("[data]\nkey = \"\"\"\nhunter2 = \\q\"\"\"", "line 3"),
            ("[store]\nurl = \"a\"\nurl = \"hunter2\"", "line 3"),
        ] {
            let text = refusal(file, &[]);
            assert!(text.contains(line) && text.contains("test.toml"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_key_value_and_range() {
        let text = refusal("[limits]\nconnections_per_person = 5000", &[]);
        assert_eq!(text, "limits.connections_per_person = 5000: allowed is 1 to 1000");
    }

    #[test]
    fn a_wrong_type_is_refused_with_its_place() {
        let text = refusal("[limits]\ntext_chars = \"many\"", &[]);
        assert!(text.contains("text_chars") && text.contains("line 2"), "{text}");
        let text = refusal("", &[("PARLOR_LIMITS_TEXT_CHARS", "-1")]);
        assert!(text.contains("PARLOR_LIMITS_TEXT_CHARS = -1"), "{text}");
    }

    #[test]
    fn every_reason_is_told_at_once() {
        let text = refusal("[limits]\ntext_chars = 1\nqueue_frames = 1", &[("PARLOR_SERVER_WORKERS", "x")]);
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn an_address_with_a_path_is_no_public_url() {
        for url in ["https://chat.example.com/x", "chat.example.com", "ftp://a.example", "https://u:p@a.example"] {
            assert!(refusal("", &[("PARLOR_SERVER_PUBLIC_URL", url)]).contains("server.public_url"), "{url}");
        }
    }

    #[test]
    fn plain_http_in_public_is_legal_but_warned_about() {
        let environment = [("PARLOR_SERVER_PUBLIC_URL", "http://chat.example.com")];
        let warnings = load_from("", &environment, Flags::default()).unwrap().warnings;
        assert!(warnings.len() == 1 && warnings[0].contains("without https"), "{warnings:?}");
    }

    #[test]
    fn an_idle_time_shorter_than_the_ping_is_refused() {
        assert!(refusal("[limits]\nidle_secs = 20", &[]).contains("longer than limits.ping_secs"));
    }
}
