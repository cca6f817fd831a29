//! `MAP_URL_TO_PATH` and its three siblings.

use super::Conn;
use crate::site::UrlPath;
use isapi_base::ecb::constants::{HSE_URL_FLAGS_EXECUTE, HSE_URL_FLAGS_READ, HSE_URL_FLAGS_SCRIPT};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

/// What stands in decoded paths only, beside everything that is not ASCII.
const UNENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'#');

/// Where a URL leads.
pub(super) struct Mapped {
    pub(super) path: String,
    /// How much of the path, in characters, is the mapped root.
    pub(super) matching_path: u32,
    /// How much of the URL, in characters, is the root's.
    pub(super) matching_url: u32,
    pub(super) flags: u32,
}

impl Conn {
    /// Maps a URL path to a file. A URL that climbs out of the site maps to the root, as far as
    /// that can be said of it at all.
    ///
    /// Extensions give paths as clients sent them, and decoded ones (`PATH_INFO`) in UTF-8 or
    /// ANSI: what only a decoded one can hold is encoded first.
    pub(super) fn map_url(&self, url: &[u8]) -> Mapped {
        let decoded = UrlPath::parse(&percent_encode(url, UNENCODED).to_string());
        let path = decoded.as_ref().map_or("/", |u| u.path());
        let mapped = self.host.site.map_path(path).to_string_lossy().into_owned();
        let root = self.host.site.root.to_string_lossy().chars().count();
        Mapped {
            path: mapped,
            matching_path: u32::try_from(root).unwrap_or(u32::MAX),
            matching_url: 1,
            flags: HSE_URL_FLAGS_READ | HSE_URL_FLAGS_SCRIPT | HSE_URL_FLAGS_EXECUTE,
        }
    }
}
