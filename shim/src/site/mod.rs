//! The site: root, handlers, paths.
