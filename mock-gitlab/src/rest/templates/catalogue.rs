//! Dockerfiles, ignore files and pipelines.

/// A template of a file.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) content: String,
}

/// Name, base image, how it is installed, and what it starts.
const DOCKERFILES: [(&str, &str, &str, &str); 9] = [
    ("Binary", "buildpack-deps:bookworm", "make", "./app"),
    ("Golang", "golang:1.25", "go build -o app", "./app"),
    (
        "Golang-alpine",
        "golang:1.25-alpine",
        "go build -o app",
        "./app",
    ),
    ("Node", "node:24", "npm ci", "npm start"),
    ("Node-alpine", "node:24-alpine", "npm ci", "npm start"),
    (
        "PHP",
        "php:8.4-apache",
        "composer install",
        "apache2-foreground",
    ),
    (
        "Python",
        "python:3.14",
        "pip install -r requirements.txt",
        "python app.py",
    ),
    ("Ruby", "ruby:3.4", "bundle install", "ruby app.rb"),
    (
        "Rust",
        "rust:1.95",
        "cargo build --release",
        "cargo run --release",
    ),
];

/// Name, and the patterns.
const GITIGNORES: [(&str, &[&str]); 24] = [
    ("Ada", &["*.o", "*.ali"]),
    (
        "Android",
        &["*.apk", "local.properties", ".gradle/", "build/"],
    ),
    ("C", &["*.o", "*.a", "*.so", "*.out"]),
    ("C++", &["*.o", "*.a", "*.so", "*.exe"]),
    ("CMake", &["CMakeCache.txt", "CMakeFiles/", "build/"]),
    ("Clojure", &["target/", "classes/", ".lein-*"]),
    ("Dart", &[".dart_tool/", "build/", "pubspec.lock"]),
    ("Elixir", &["_build/", "deps/", "*.ez"]),
    ("Erlang", &["*.beam", "_build/", "rebar3.crashdump"]),
    ("Go", &["*.exe", "*.test", "*.out", "vendor/"]),
    ("Gradle", &[".gradle", "build/"]),
    ("Haskell", &["dist-newstyle/", "*.hi", "*.o"]),
    ("Java", &["*.class", "*.jar", "hs_err_pid*"]),
    ("Julia", &["Manifest.toml", "*.jl.cov"]),
    ("Kotlin", &["*.class", "*.jar", "build/"]),
    ("Lua", &["luac.out", "*.o", "*.so"]),
    ("Maven", &["target/", "pom.xml.tag"]),
    (
        "Node",
        &["node_modules/", "npm-debug.log*", ".env", "dist/"],
    ),
    ("Perl", &["blib/", "_build/", "*.bak"]),
    ("Python", &["__pycache__/", "*.py[cod]", ".venv/", "dist/"]),
    ("Ruby", &["*.gem", ".bundle/", "coverage/", "tmp/"]),
    ("Rust", &["target/", "**/*.rs.bk"]),
    ("Scala", &["*.class", "target/", "project/target/"]),
    ("Swift", &[".build/", "xcuserdata/", "*.ipa"]),
];

/// Name, image and command of the one job.
const PIPELINES: [(&str, &str, &str); 27] = [
    ("Android", "eclipse-temurin:21", "./gradlew assembleDebug"),
    ("Bash", "bash:5", "./test.sh"),
    ("C++", "gcc:15", "make test"),
    ("Chef", "chef/chefworkstation", "cookstyle"),
    ("Clojure", "clojure:lein", "lein test"),
    ("Composer", "composer:2", "composer validate"),
    ("Crystal", "crystallang/crystal:1", "crystal spec"),
    ("Dart", "dart:stable", "dart test"),
    ("Django", "python:3.14", "python manage.py test"),
    ("Docker", "docker:28", "docker build ."),
    ("Elixir", "elixir:1.19", "mix test"),
    ("Flutter", "cirrusci/flutter", "flutter test"),
    ("Go", "golang:1.25", "go test ./..."),
    ("Gradle", "gradle:9-alpine", "gradle check"),
    ("Grails", "eclipse-temurin:21", "./grailsw test-app"),
    (
        "Julia",
        "julia:1",
        "julia --project -e 'using Pkg; Pkg.test()'",
    ),
    ("LaTeX", "texlive/texlive", "latexmk -pdf"),
    ("Laravel", "php:8.4", "php artisan test"),
    ("Maven", "maven:3-eclipse-temurin-21", "mvn verify"),
    ("Mono", "mono:6", "msbuild"),
    ("Nodejs", "node:24", "npm ci && npm test"),
    ("PHP", "php:8.4", "vendor/bin/phpunit"),
    ("Python", "python:3.14", "python -m unittest"),
    ("Ruby", "ruby:3.4", "bundle exec rake"),
    ("Rust", "rust:1.95", "cargo test"),
    ("Scala", "sbtscala/scala-sbt:3", "sbt test"),
    ("Swift", "swift:6", "swift test"),
];

/// Dockerfiles.
pub(super) fn dockerfiles() -> Vec<Template> {
    let template = |(name, image, install, start): &(&'static str, &str, &str, &str)| Template {
        name,
        content: format!("FROM {image}\n\nWORKDIR /app\nCOPY . .\nRUN {install}\n\nCMD {start}\n"),
    };
    DOCKERFILES.iter().map(template).collect()
}

/// Ignore files.
pub(super) fn gitignores() -> Vec<Template> {
    let template = |(name, patterns): &(&'static str, &[&str])| Template {
        name,
        content: format!("{}\n", patterns.join("\n")),
    };
    GITIGNORES.iter().map(template).collect()
}

/// Pipelines with one job each.
pub(super) fn pipelines() -> Vec<Template> {
    let template = |(name, image, command): &(&'static str, &str, &str)| Template {
        name,
        content: format!("image: {image}\n\ntest:\n  stage: test\n  script:\n    - {command}\n"),
    };
    PIPELINES.iter().map(template).collect()
}
