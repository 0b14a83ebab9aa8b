//! A program that runs beside the tests and ends with them, in whichever way they end.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// Runs what follows `$2` with its words going to `$2`, says its id, and ends it, by its id, with the signal `$1` when standard
/// input closes: that is when it is dropped, and when this process is gone. Ends with the program's own code.
const WATCH: &str = r#"
end=$1 log=$2
shift 2
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
program=$!
echo "$program"
{ read -r _ <&3; kill -CONT $program; kill -"$end" $program; } >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait $program
code=$?
kill $guard 2>/dev/null
exit $code
"#;

/// How to run a program.
pub(super) struct Program {
    /// With its arguments.
    pub(super) command: Vec<OsString>,
    /// All of its environment.
    pub(super) environment: Vec<(String, OsString)>,
    /// Where its words go.
    pub(super) log: PathBuf,
    /// The signal that ends it in the end, without `SIG`.
    pub(super) end: &'static str,
}

/// A program that runs.
pub(super) struct Running {
    id: Pid,
    watcher: Child,
    until: Option<ChildStdin>,
    log: PathBuf,
}

impl Running {
    pub(super) fn start(program: Program) -> Self {
        let mut command = Command::new("/bin/sh");
        command.current_dir("/").env_clear().envs(program.environment);
        command.args(["-c", WATCH, "sh", program.end]).arg(&program.log).args(program.command);
        let mut watcher = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let until = watcher.stdin.take();
        let mut line = String::new();
        BufReader::new(watcher.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let id = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
        Self { id, watcher, until, log: program.log }
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: Signal) {
        kill_process(self.id, signal).unwrap();
    }

    /// The processes that it made.
    pub(super) fn children(&self) -> Vec<Pid> {
        let id = self.id.as_raw_pid();
        let list = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        list.split_whitespace().map(|id| Pid::from_raw(id.parse().unwrap()).unwrap()).collect()
    }

    /// Its code when it has ended by itself; 128 and the signal's number after a signal.
    pub(super) fn ended(&mut self) -> Option<i32> {
        self.watcher.try_wait().unwrap().and_then(|status| status.code())
    }

    /// Waits for its end.
    pub(super) fn wait(mut self) -> i32 {
        self.watcher.wait().unwrap().code().expect("the watcher ends by itself")
    }

    /// What it wrote.
    pub(super) fn words(&self) -> String {
        words(&self.log)
    }
}

/// What programs wrote there.
pub(super) fn words(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned()
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.until.take());
        // Its folder goes next: it must be gone before.
        let _ = self.watcher.wait();
        if std::thread::panicking() {
            let words = self.words();
            let lines: Vec<&str> = words.lines().collect();
            eprintln!("the end of {}:\n{}", self.log.display(), lines[lines.len().saturating_sub(12)..].join("\n"));
        }
    }
}
