//! Every page is readable, reachable and usable, in old browsers and without scripts too.

pub mod every_page;
pub mod old_browser;
pub mod wayfinding;
pub mod without_scripts;
