#include "audit/state.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "cli/failure.h"
#include "registry/error.h"

namespace regctl::audit {
namespace {

using cli::ExitStatus;

constexpr int kVersion = 1;
constexpr std::chrono::seconds kBetweenCommits{2};
// Older ones are of no trend that is shown.
constexpr Duration kSnapshotsKept = std::chrono::hours(24 * 400);

constexpr char kSchema[] = R"(
CREATE TABLE store(path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL);
CREATE TABLE blobs(
  digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, inode INTEGER NOT NULL,
  modified INTEGER NOT NULL, changed INTEGER NOT NULL,
  verified_at INTEGER NOT NULL, verified_by TEXT NOT NULL, is_sound INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE audits(
  at INTEGER PRIMARY KEY, blobs INTEGER NOT NULL, bytes INTEGER NOT NULL,
  garbage_bytes INTEGER NOT NULL);
CREATE TABLE shares(
  at INTEGER NOT NULL REFERENCES audits(at), repository BLOB NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (at, repository)) WITHOUT ROWID;
)";

// What SQLite says, where it can be said to a person.
class SqlError : public Error {
 public:
  explicit SqlError(sqlite3* database)
      : Error(sqlite3_errmsg(database)), code_(sqlite3_errcode(database)) {}
  int code() const { return code_; }

 private:
  int code_;
};

std::int64_t count_of(Time time) { return time.time_since_epoch().count(); }
Time time_of(std::int64_t count) { return Time(Duration(count)); }

// A statement, prepared once, with what it is told and tells.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) : database_(database) {
    if (sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) != SQLITE_OK)
      throw SqlError(database);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int place, std::int64_t value) {
    sqlite3_bind_int64(statement_, place, value);
    return *this;
  }
  Statement& bind(int place, const std::string& value) {
    sqlite3_bind_text(statement_, place, value.data(), static_cast<int>(value.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind_bytes(int place, const std::string& value) {
    sqlite3_bind_blob(statement_, place, value.data(), static_cast<int>(value.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  // False: there are no more rows.
  bool step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) {
      const SqlError error(database_);
      sqlite3_reset(statement_);
      throw error;
    }
    sqlite3_reset(statement_);
    return false;
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data ? std::string(data,
                              static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                : std::string();
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

// Without repositories, of a row (at, blobs, bytes, garbage_bytes).
Snapshot snapshot_in(const Statement& audit) {
  return {.at = time_of(audit.number(0)),
          .blobs = static_cast<std::uint64_t>(audit.number(1)),
          .bytes = static_cast<std::uint64_t>(audit.number(2)),
          .garbage_bytes = static_cast<std::uint64_t>(audit.number(3))};
}

[[noreturn]] void refuse(ExitStatus status, const std::string& message, const std::string& hint) {
  throw cli::Failure(status, cli::printable(message, cli::terminal_charset()),
                     cli::printable(hint, cli::terminal_charset()));
}

}  // namespace

struct State::Database {
  ~Database() {
    note.reset();
    sqlite3_close(handle);
  }

  void run(const char* sql) const {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw SqlError(handle);
  }
  std::int64_t number(const char* sql) const {
    Statement statement(handle, sql);
    return statement.step() ? statement.number(0) : 0;
  }

  // Does what is asked for unless something has gone wrong before; what goes wrong ends all.
  template <class Do>
  void attempt(Do something) {
    if (!trouble.empty()) return;
    try {
      something();
    } catch (const SqlError& error) {
      trouble = error.what();
      sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }

  void open(const std::string& file) {
    // Never a URI, nor a name that SQLite keeps for itself.
    const std::string path = file.starts_with('/') ? file : "./" + file;
    if (sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        nullptr) != SQLITE_OK)
      throw SqlError(handle);
    // From the first transaction to the end no other process gets in.
    run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  }

  void check_version(const std::string& file) const {
    const std::int64_t version = number("PRAGMA user_version");
    if (version == 0 && number("SELECT count(*) FROM sqlite_master") == 0) {
      run(kSchema);
      run(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
    } else if (version > kVersion) {
      refuse(ExitStatus::usage,
             fmt::format("--state {}: written by a newer regctl-audit (version {} of the file)",
                         file, version),
             "use that, or give another file");
    } else if (version != kVersion) {
      refuse(ExitStatus::usage, fmt::format("--state {}: another program's database", file),
             "give a file of its own");
    }
  }

  // A store is known by its path or, where that was changed, by its directory v2.
  void check_store(const std::string& file, const StoreFacts& store) const {
    const auto device = static_cast<std::int64_t>(store.device),
               inode = static_cast<std::int64_t>(store.inode);
    Statement known(handle, "SELECT path, device, inode FROM store");
    if (known.step()) {
      const bool is_same =
          known.bytes(0) == store.v2 || (known.number(1) == device && known.number(2) == inode);
      if (!is_same)
        refuse(
            ExitStatus::usage,
            fmt::format("--state {}: the state of {}, not of {}", file, known.bytes(0), store.v2),
            "give each storage a file of its own");
    }
    run("DELETE FROM store");
    Statement(handle, "INSERT INTO store VALUES (?, ?, ?)")
        .bind(1, store.v2)
        .bind(2, device)
        .bind(3, inode)
        .step();
  }

  void commit() {
    attempt([&] { run("COMMIT; BEGIN"); });
    has_news = false;
  }

  sqlite3* handle = nullptr;
  std::unique_ptr<Statement> note;
  std::string trouble;
  bool has_news = false;
  std::mutex mutex;  // of all the above
  std::condition_variable_any wakes;
  // The next note may be hours away: large blobs take their time.
  std::jthread clock;
};

State::State(const std::string& file, const StoreFacts& store)
    : database_(std::make_unique<Database>()) {
  try {
    database_->open(file);
    database_->check_version(file);
    database_->check_store(file, store);
    database_->run("COMMIT; BEGIN");
    database_->note = std::make_unique<Statement>(
        database_->handle, "INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    database_->clock = std::jthread([database = database_.get()](const std::stop_token& stop) {
      std::unique_lock lock(database->mutex);
      while (!stop.stop_requested()) {
        database->wakes.wait_for(lock, stop, kBetweenCommits, [] { return false; });
        if (database->has_news) database->commit();
      }
    });
  } catch (const SqlError& error) {
    if (error.code() == SQLITE_BUSY)
      refuse(ExitStatus::locked, "--state " + file + ": another audit uses it",
             "wait for it to end, or give each a file of its own");
    const bool is_no_database = error.code() == SQLITE_NOTADB || error.code() == SQLITE_CORRUPT;
    refuse(ExitStatus::usage, "--state " + file + ": " + error.what(),
           is_no_database
               ? "another program's file, or a damaged one: give another, or move this aside; all "
                 "is read again then"
               : "the file must be on a disk with room, and be writable, or not be there yet");
  }
}

State::~State() {
  database_->clock = {};  // ends it
  commit();
}

std::vector<LastSeen> State::last_seen(const Inventory& inventory) {
  const std::lock_guard lock(database_->mutex);
  std::vector<LastSeen> blobs(inventory.digests.size());
  database_->attempt([&] {
    Statement all(
        database_->handle,
        "SELECT digest, bytes, inode, modified, changed, verified_at, is_sound FROM blobs");
    while (all.step()) {
      const auto digest = Digest::parse(all.bytes(0));
      const auto id = digest ? inventory.digests.find(*digest) : std::nullopt;
      const Blob* blob = id ? inventory.blob(*id) : nullptr;
      if (!blob || !blob->present) continue;
      const bool is_same = static_cast<std::int64_t>(blob->bytes) == all.number(1) &&
                           static_cast<std::int64_t>(blob->inode) == all.number(2) &&
                           count_of(blob->modified) == all.number(3) &&
                           count_of(blob->changed) == all.number(4);
      const bool is_sound = all.number(6) != 0;
      blobs[index_of(*id)] = {time_of(all.number(5)), is_same, !is_sound};
    }
  });
  return blobs;
}

void State::note(const Digest& digest, const FileState& file, Time at, const std::string& by,
                 bool is_sound) {
  const std::lock_guard lock(database_->mutex);
  database_->has_news = true;
  database_->attempt([&] {
    database_->note->bind(1, digest.text())
        .bind(2, static_cast<std::int64_t>(file.bytes))
        .bind(3, static_cast<std::int64_t>(file.inode))
        .bind(4, count_of(file.modified))
        .bind(5, count_of(file.changed))
        .bind(6, count_of(at))
        .bind(7, by)
        .bind(8, is_sound)
        .step();
  });
}

std::vector<Snapshot> State::history() {
  const std::lock_guard lock(database_->mutex);
  std::vector<Snapshot> all;
  database_->attempt([&] {
    Statement audit(database_->handle,
                    "SELECT at, blobs, bytes, garbage_bytes FROM audits ORDER BY at");
    while (audit.step()) all.push_back(snapshot_in(audit));
  });
  return all;
}

std::optional<Snapshot> State::snapshot_before(Time at) {
  const std::lock_guard lock(database_->mutex);
  std::optional<Snapshot> found;
  database_->attempt([&] {
    Statement audit(database_->handle,
                    "SELECT at, blobs, bytes, garbage_bytes FROM audits "
                    "ORDER BY at > ?1, CASE WHEN at > ?1 THEN at ELSE -at END LIMIT 1");
    if (!audit.bind(1, count_of(at)).step()) return;
    Snapshot snapshot = snapshot_in(audit);
    Statement shares(database_->handle,
                     "SELECT repository, bytes FROM shares WHERE at = ? ORDER BY repository");
    shares.bind(1, audit.number(0));
    while (shares.step())
      snapshot.repositories.push_back(
          {shares.bytes(0), static_cast<std::uint64_t>(shares.number(1))});
    found = std::move(snapshot);
  });
  return found;
}

void State::add(const Snapshot& snapshot) {
  const std::lock_guard lock(database_->mutex);
  database_->attempt([&] {
    Statement(database_->handle, "INSERT OR REPLACE INTO audits VALUES (?, ?, ?, ?)")
        .bind(1, count_of(snapshot.at))
        .bind(2, static_cast<std::int64_t>(snapshot.blobs))
        .bind(3, static_cast<std::int64_t>(snapshot.bytes))
        .bind(4, static_cast<std::int64_t>(snapshot.garbage_bytes))
        .step();
    Statement share(database_->handle, "INSERT OR REPLACE INTO shares VALUES (?, ?, ?)");
    for (const Snapshot::Share& one : snapshot.repositories)
      share.bind(1, count_of(snapshot.at))
          .bind_bytes(2, one.repository)
          .bind(3, static_cast<std::int64_t>(one.bytes))
          .step();
    for (const char* sql : {"DELETE FROM shares WHERE at < ?", "DELETE FROM audits WHERE at < ?"})
      Statement(database_->handle, sql).bind(1, count_of(snapshot.at - kSnapshotsKept)).step();
  });
  database_->commit();
}

void State::commit() {
  const std::lock_guard lock(database_->mutex);
  database_->commit();
}

std::string State::trouble() const {
  const std::lock_guard lock(database_->mutex);
  return database_->trouble;
}

}  // namespace regctl::audit
