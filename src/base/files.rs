//! Creates every file and folder that the product writes, with the right mode.
//!
//! Nearly all of them hold secrets or personal data, so files are private (0600, in folders of 0700) unless the
//! function's name says otherwise. The umask is not relied on: a terminal's usual one lets everybody read.
//!
//! Files for reading are opened here too, and only regular files: opening a FIFO would wait for a writer, and a
//! device may have no end.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

const PRIVATE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;
/// Other users may pass through, but can't list names.
const PASSAGE: u32 = 0o711;

/// Makes a private folder, and those above it that are missing. A folder that exists keeps its mode; the
/// files in it are private all the same.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(path)
}

/// Makes a folder, and those above it that are missing, that other users of the machine may pass through to
/// reach their own files. A folder that exists keeps its mode.
pub fn create_passage(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(PASSAGE).create(path)
}

/// Makes a new private file and never overwrites one.
///
/// # Errors
/// Returns `AlreadyExists` if anything has that name.
pub fn create_new(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(PRIVATE).open(path)
}

/// Opens an empty private file; what was in it is gone.
pub fn create_empty(path: &Path) -> io::Result<File> {
    let file = File::options().write(true).create(true).truncate(true).mode(PRIVATE).open(path)?;
    // The mode given to `open` counts for new files only.
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    Ok(file)
}

/// Replaces a file with a private one. The content is first written under another name, so that nobody reads
/// half of it.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(ErrorKind::InvalidFilename)?);
    // Two processes that replace the same file now must not write into the same partial file.
    name.push(format!(".{:08x}.part", rand::random::<u32>()));
    let partial = path.with_file_name(name);
    let mut file = create_new(&partial)?;
    let written = file.write_all(content).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Writes a new file that everybody may read, as far as the umask allows, and never overwrites one. Use it
/// for what is published anyway.
///
/// # Errors
/// Returns `AlreadyExists` if anything has that name.
pub fn write_new_public(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(content)
}

/// Appends lines to a private file, which is made if it is missing, and waits until they are on disk. Half a line, which a
/// power cut left at its end, is ended first.
pub fn append_lines(path: &Path, lines: &[u8]) -> io::Result<()> {
    let is_new = !path.try_exists()?;
    let mut file = File::options().read(true).append(true).create(true).mode(PRIVATE).open(path)?;
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    file.write_all(lines)?;
    file.sync_all()?;
    if is_new { sync_name(path) } else { Ok(()) }
}

/// Waits until the name of a new file is on disk. Syncing the file itself keeps its content, not its name.
pub fn sync_name(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Opens a regular file for reading.
///
/// # Errors
/// Returns a message in Japanese if the path leads to something other than a file.
pub fn open(path: &Path) -> io::Result<File> {
    refuse_others(&fs::metadata(path)?)?;
    // Something else may have taken its place since: open without waiting, and check again.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    refuse_others(&file.metadata()?)?;
    Ok(file)
}

/// Reads a whole file; see [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a whole file of UTF-8; see [`open`].
///
/// # Errors
/// Returns `InvalidData` if the file is not UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    io::read_to_string(open(path)?)
}

fn refuse_others(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let name = if kind.is_fifo() {
        "パイプ（FIFO）"
    } else if kind.is_socket() {
        "ソケット"
    } else {
        "デバイス"
    };
    Err(io::Error::other(format!(
        "ファイルではなく{name}です。内容をファイルに保存して、それを指定してください"
    )))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;
    use crate::base::io_words::words;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_written_is_for_its_owner_unless_said_otherwise() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        create_folder(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&place.path().join("a"))), (0o700, 0o700));
        let passage = place.path().join("c");
        create_passage(&passage).unwrap();
        assert_eq!(mode(&passage) & 0o711, mode(&passage), "no names are read");

        let [new, empty, replaced] = ["new", "empty", "replaced"].map(|name| folder.join(name));
        create_new(&new).unwrap().write_all(b"x").unwrap();
        create_empty(&empty).unwrap().write_all(b"x").unwrap();
        replace(&replaced, b"x").unwrap();
        for path in [new, empty, replaced] {
            assert_eq!((mode(&path), fs::read(&path).unwrap().len()), (0o600, 1), "{path:?}");
        }

        let (public, plain) = (folder.join("public"), folder.join("plain"));
        write_new_public(&public, b"x").unwrap();
        sync_name(&public).unwrap();
        fs::write(&plain, b"x").unwrap();
        assert_eq!(mode(&public), mode(&plain), "as the umask has it");
    }

    #[test]
    fn a_file_that_others_could_read_is_private_once_it_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, b"old and long").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            path
        };
        let (emptied, replaced) = (open("emptied"), open("replaced"));
        create_empty(&emptied).unwrap();
        replace(&replaced, b"new").unwrap();
        assert_eq!((mode(&emptied), fs::read(&emptied).unwrap()), (0o600, Vec::new()));
        assert_eq!((mode(&replaced), fs::read(&replaced).unwrap()), (0o600, b"new".to_vec()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing beside them");
        for refused in [create_new(&replaced).map(drop), write_new_public(&replaced, b"newer")] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read(&replaced).unwrap(), b"new");
    }

    #[test]
    fn only_a_file_is_opened_and_nothing_else_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, fifo, socket] =
            ["file", "link", "fifo", "socket"].map(|name| folder.path().join(name));
        fs::write(&file, "本文").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let _listener = UnixListener::bind(&socket).unwrap();
        for path in [&file, &link] {
            assert_eq!(read(path).unwrap(), "本文".as_bytes());
            assert_eq!(read_to_string(path).unwrap(), "本文");
        }
        for (path, told) in [
            (fifo.as_path(), "ファイルではなくパイプ"),
            (socket.as_path(), "ファイルではなくソケット"),
            (Path::new("/dev/zero"), "ファイルではなくデバイス"),
            (folder.path(), "ファイルではなくフォルダ"),
            (Path::new("/nowhere/file"), "ファイルまたはフォルダがありません"),
        ] {
            let refused = words(&open(path).unwrap_err());
            assert!(refused.starts_with(told), "{refused}");
        }
        fs::write(&file, b"\xff").unwrap();
        assert_eq!(read_to_string(&file).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
