//! The product in Chromium, with the real program: `kosmo demo` in a temporary folder, told as
//! stories of what people do. Buttons and fields are found by the words that people see.

mod console;
mod deployment;
mod expenses;
mod first_sign_in;
mod pages;
mod settings;
mod sign_in;
mod support;
