//! Files beside a copy of the database. They never change, so a copy is complete once it has every name.

use std::{fs, io, path::Path};

use super::draft::private_folder;

/// How much a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Copied {
    /// Files that were not there before.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Copies every whole file of one folder of blobs into another, which is made when missing; what is there already stays.
/// Both may be on one file system: then nothing is written but names. A folder that is not there is empty.
pub fn copy_files(from: &Path, to: &Path) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let Some(shelves) = entries(from)? else { return Ok(copied) };
    for shelf in shelves {
        let shelf = shelf?;
        // Drafts are not files yet.
        let is_shelf = shelf.file_name().to_str().is_some_and(|name| name.len() == 2);
        if !is_shelf {
            continue;
        }
        let target = to.join(shelf.file_name());
        private_folder(&target)?;
        for file in fs::read_dir(shelf.path())? {
            let file = file?;
            if let Some(bytes) = copy(&file.path(), &target.join(file.file_name()))? {
                copied.files += 1;
                copied.bytes += bytes;
            }
        }
        fs::File::open(&target)?.sync_all()?;
    }
    Ok(copied)
}

fn entries(folder: &Path) -> io::Result<Option<fs::ReadDir>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// The size of what was copied; `None` when it was there, or has gone meanwhile.
fn copy(from: &Path, to: &Path) -> io::Result<Option<u64>> {
    let size = match fs::metadata(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?.len(),
    };
    if fs::metadata(to).is_ok_and(|there| there.len() == size) {
        return Ok(None);
    }
    match fs::hard_link(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Another file system, one without links, or half a file of an earlier try.
        Err(_) => {
            fs::copy(from, to)?;
            fs::File::open(to)?.sync_all()?;
        }
    }
    Ok(Some(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_every_whole_file_and_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("files"), folder.path().join("copy"));
        assert_eq!(copy_files(&from, &to).unwrap(), Copied::default(), "there is nothing yet");
        for (place, text) in [("0a/one", "1"), ("ff/two", "22"), ("drafts/half", "333")] {
            fs::create_dir_all(from.join(place).parent().unwrap()).unwrap();
            fs::write(from.join(place), text).unwrap();
        }
        assert_eq!(copy_files(&from, &to).unwrap(), Copied { files: 2, bytes: 3 });
        assert_eq!(copy_files(&from, &to).unwrap(), Copied::default(), "a second copy finds everything");
        assert_eq!(fs::read_to_string(to.join("ff/two")).unwrap(), "22");
        assert!(!to.join("drafts").exists());
    }
}
