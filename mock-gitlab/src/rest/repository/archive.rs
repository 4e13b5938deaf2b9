//! A commit as an archive. <https://docs.gitlab.com/api/repositories/#get-file-archive>

use std::io::Write as _;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::repositories::revision;
use crate::rest::jobs::zip;
use crate::routes::RouteTable;
use crate::world::Repository;
use crate::world::access::OWNER;
use crate::world::repository::Commit;

pub(super) fn routes(table: &mut RouteTable) {
    let base = "projects/:id/repository/archive";
    table
        .get(base, |cx| archive(cx, Format::Gzip))
        .also(&["read_repository"]);
    for ending in [
        "tar.gz", "tgz", "tar.bz2", "tbz", "tbz2", "tb2", "bz2", "tar", "zip",
    ] {
        let path = format!("{base}.{ending}");
        let route = match ending {
            "tar.gz" | "tgz" => table.get(&path, |cx| archive(cx, Format::Gzip)),
            "tar" => table.get(&path, |cx| archive(cx, Format::Tar)),
            "zip" => table.get(&path, |cx| archive(cx, Format::Zip)),
            _ => table.get(&path, |cx| archive(cx, Format::Bzip2)),
        };
        route.also(&["read_repository"]);
    }
    table.get("projects/:id/snapshot", snapshot);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Gzip,
    Bzip2,
    Tar,
    Zip,
}

impl Format {
    const fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "tar.gz",
            Self::Bzip2 => "tar.bz2",
            Self::Tar => "tar",
            Self::Zip => "zip",
        }
    }
}

/// Path and content of each file, below a directory of the archive's name.
fn files(
    repository: &Repository,
    commit: &Commit,
    prefix: &str,
    below: &str,
) -> Vec<(String, Vec<u8>)> {
    let inside = |path: &str| {
        let rest = path.strip_prefix(below);
        below.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let all = repository.files(commit);
    let all = all.iter().filter(|(path, _)| inside(path));
    all.filter_map(|(path, entry)| {
        let blob = repository.blob(&entry.blob)?;
        Some((format!("{prefix}/{path}"), blob.to_vec()))
    })
    .collect()
}

/// A tar archive; every entry bears the given time.
pub(crate) fn tarred(files: &[(String, Vec<u8>)], seconds: i64) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(seconds).unwrap_or(0));
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    archive.into_inner()
}

/// The same, compressed with gzip.
pub(crate) fn gzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}

fn bzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packed.write_all(bytes)?;
    packed.finish()
}

/// Packing happens in memory and does not fail; if it does, it is our fault.
pub(crate) fn broken(_: std::io::Error) -> ApiError {
    ApiError::message(500, "500 Internal Server Error")
}

fn archive(cx: &mut Cx<'_>, format: Format) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let name = cx.params.filled("sha");
    let name = name.unwrap_or_else(|| repository.default_branch.clone());
    let commit = revision(repository, &name, "File")?;
    let below = cx.params.filled("path").unwrap_or_default();
    let below = below.trim_matches('/');
    let mut prefix = format!("{}-{}-{}", project.path, name.replace('/', "-"), commit.id);
    if !below.is_empty() {
        prefix = format!("{prefix}-{}", below.replace('/', "-"));
    }
    let files = files(repository, commit, &prefix, below);
    if files.is_empty() && !below.is_empty() {
        return Err(ApiError::not_found("File"));
    }
    let at = commit.committer.at.as_seconds();
    let (kind, bytes) = match format {
        Format::Zip => ("application/zip", zip::archive(&files)),
        Format::Tar => (
            "application/octet-stream",
            tarred(&files, at).map_err(broken)?,
        ),
        Format::Gzip => {
            let tar = tarred(&files, at).map_err(broken)?;
            ("application/octet-stream", gzipped(&tar).map_err(broken)?)
        }
        Format::Bzip2 => {
            let tar = tarred(&files, at).map_err(broken)?;
            ("application/octet-stream", bzipped(&tar).map_err(broken)?)
        }
    };
    let disposition = format!("attachment; filename=\"{prefix}.{}\"", format.ending());
    Ok(Answer::bytes(kind, bytes).header("Content-Disposition", disposition))
}

/// `HEAD`, the references and the blobs, for administrators.
fn snapshot(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    cx.require(&project, OWNER)?;
    if !cx.is_admin() {
        return Err(ApiError::forbidden());
    }
    let repository = cx.repository(&project)?;
    let head = format!("ref: refs/heads/{}\n", repository.default_branch);
    let mut files = vec![("HEAD".to_owned(), head.into_bytes())];
    for (name, sha) in &repository.branches {
        files.push((
            format!("refs/heads/{name}"),
            format!("{sha}\n").into_bytes(),
        ));
    }
    for (name, tag) in &repository.tags {
        let text = format!("{}\n", tag.commit);
        files.push((format!("refs/tags/{name}"), text.into_bytes()));
    }
    if let Some(commit) = repository.resolve("HEAD") {
        for entry in repository.files(commit).values() {
            if let Some(blob) = repository.blob(&entry.blob) {
                let (first, rest) = entry.blob.split_at_checked(2).unwrap_or(("", ""));
                let mut object = format!("blob {}\0", blob.len()).into_bytes();
                object.extend_from_slice(blob);
                let packed = zlib(&object).map_err(broken)?;
                files.push((format!("objects/{first}/{rest}"), packed));
            }
        }
    }
    files.sort();
    files.dedup_by(|one, two| one.0 == two.0);
    let bytes = tarred(&files, cx.now.as_seconds()).map_err(broken)?;
    Ok(Answer::bytes("application/x-tar", bytes))
}

fn zlib(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}
