//! Fills the templates of the pages about people in.

use super::medical::MedicalPage;
use super::page::PersonPage;
use super::search::SearchPage;
use crate::account::gallery::Gallery;

pub(in crate::console) fn show(gallery: &mut Gallery) {
    for page in &SearchPage::samples() {
        gallery.show(page);
    }
    for page in &PersonPage::samples() {
        gallery.show(page);
    }
    for page in &MedicalPage::samples() {
        gallery.show(page);
    }
}
