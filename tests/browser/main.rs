//! The product in Chromium, through the real program: `kosmo demo` in a folder of its own, told as
//! what people do. What they press and fill in is found by the words they see.

mod browser;
mod demo;
mod net;
mod wait;

mod expenses;
mod first_credentials;
mod keyboard;
mod mailed_code;
mod pages;
mod running;
mod unions;
mod without_scripts;
