#include "index/chunk_samples.hpp"

namespace codehelper::test {

namespace {

constexpr std::string_view kC = R"(#ifndef LIST_H
#define LIST_H
#define LIST_MAX 16
#define LIST_EACH(list, at) for (at = (list)->head; at; at = at->next)

typedef unsigned long list_size;
struct stat;

/* One element. */
struct node {
  struct node *next;
  int (*compare)(const void *, const void *);
};

enum color { RED, GREEN };

static const char *const names[] = {"red", "green"};

/* Counts.
 * Slowly. */
list_size list_count(struct node *head) {
  list_size count = 0;
  for (; head; head = head->next) ++count;
  return count;
}

int (*find_handler(int signal))(int);
#endif
)";

constexpr std::string_view kCpp = R"(#pragma once
namespace app::net {

using Bytes = std::vector<char>;
template <class T>
concept Readable = requires(T t) { t.read(); };
constexpr int kLimit = 10;

/// Serves.
class HttpServer final : public Server {
 public:
  explicit HttpServer(int port);
  ~HttpServer() override;
  HttpServer& operator=(const HttpServer&) = delete;
  void start() {
    run();
  }

 private:
  struct Impl {
    int port;
  };
  static constexpr int kBacklog = 5;
  const Options& options_;
};

template <class T>
T largest(const std::vector<T>& values) {
  return *std::max_element(values.begin(), values.end());
}

void HttpServer::stop() noexcept {
  const std::string local(name());
  closed_ = true;
}

template <class K, class V>
V& Cache<K, V>::get(const K& key) {
  return map_[key];
}
}  // namespace app::net
)";

constexpr std::string_view kPython = R"('''Accounts.'''
import os

LIMIT = 10
_private: int = 3

@decorator
def top(a, b=None):
    '''Adds.'''
    def inner():
        return a
    return inner() + b


class Account(Base):
    '''One account.'''

    # Who owns it.
    @property
    def owner(self):
        local = self._owner
        return local

    async def close(self):
        await self.save()

if __name__ == "__main__":
    top(1, 2)
)";

constexpr std::string_view kJavaScript = R"(const fs = require("fs");
const { join } = require("path");

export const load = async (file) => {
  return fs.readFile(file);
};

function* walk(tree) {
  yield tree;
}

export default class Store {
  #items = [];
  static create() {
    return new Store();
  }
  onClick = () => {
    this.save();
  };
}

Store.prototype.save = function () {
  const local = 1;
  return local;
};
)";

constexpr std::string_view kTypeScript = R"(import { A } from "./a";

export interface Shape {
  area(): number;
}
export type Id = string | number;
export enum Color { Red, Green }
export const enum Mode { On }
declare function external(x: number): void;

namespace Geometry {
  export function unit(): Shape { return null!; }
}

@Component({ selector: "x" })
export class Circle implements Shape {
  @Input() radius = 1;
  constructor(private r: number) {}
  area(): number {
    return this.r;
  }
}
export abstract class Base<T> { abstract run(): void; }
)";

constexpr std::string_view kTsx = R"(export function Button({ label }: Props) {
  return <button onClick={() => go()}>{label}</button>;
}
export const Card: FC = () => <div>card</div>;
)";

constexpr std::string_view kGo = R"(package server

import "net"

const (
	MaxConns = 10
	minConns = 1
)

var ErrClosed = errors.New("closed")

// Handler answers.
type Handler interface {
	Serve(c net.Conn)
}

type Server struct {
	addr string
}

type Alias = Server

// Start listens.
func (s *Server) Start() error {
	var local = 1
	return nil
}

func (l List[T]) Len() int { return 0 }

func New(addr string) *Server {
	return &Server{addr: addr}
}
)";

constexpr std::string_view kRust = R"(use std::fmt;

pub const LIMIT: usize = 10;
static NAME: &str = "x";
pub type Id = u64;

macro_rules! twice { ($e:expr) => { $e; $e } }

/// A point.
#[derive(Debug)]
pub struct Point<T> {
    x: T,
}

pub enum Kind { A, B }

pub trait Area {
    fn area(&self) -> f64;
}

impl<T> Area for Point<T> {
    fn area(&self) -> f64 {
        0.0
    }
}

impl Point<f64> {
    pub fn new(x: f64) -> Self {
        Self { x }
    }
}

mod tests {
    #[test]
    fn works() {}
}

pub fn top() {}
)";

constexpr std::string_view kJava = R"(package a.b;

import java.util.List;

/** A queue. */
@Deprecated
public class Queue<T> implements Iterable<T> {
  public static final int LIMIT = 10;
  private int size;

  public Queue() {}

  /** Adds. */
  @Override
  public boolean add(T item) {
    int local = 1;
    return true;
  }

  enum Mode { ON, OFF }
  interface Visitor { void visit(); }
}

record Pair(int a, int b) {}
)";

constexpr std::string_view kCSharp = R"(using System;
namespace App.Core {
  public interface IStore { void Save(); }
  /// <summary>Stores.</summary>
  public class Store : IStore {
    private const int Limit = 3;
    public string Name { get; set; }
    public Store() {}
    public void Save() { var local = 1; }
  }
  public enum Mode { On }
  public record Point(int X);
  public delegate void Changed(int x);
}
)";

constexpr std::string_view kPhp = R"(<?php
namespace App;
const LIMIT = 3;
interface Shape { public function area(): float; }
trait Loud { }
/** A circle. */
final class Circle implements Shape {
  const PI = 3.14;
  public function area(): float { return 1.0; }
}
function helper(int $x) { return $x; }
)";

constexpr std::string_view kRuby = R"(require "set"
LIMIT = 3
module Billing
  # An invoice.
  class Invoice < Base
    RATE = 2
    def self.build(x)
      local = 1
      new(x)
    end

    def total
      1
    end
  end
end

def helper
  2
end
)";

constexpr std::string_view kBash = R"(#!/usr/bin/env bash
readonly ROOT=/srv
COUNT=1

# Says hello.
greet() {
  local name=$1
  echo "$name"
}

function leave {
  exit 0
}
)";

constexpr std::string_view kKotlin = R"(package app.net

import java.io.File

const val LIMIT = 10
typealias Handler = (Request) -> Response

/** Serves. */
@Serializable
class HttpServer(private val port: Int) : Server() {
    companion object {
        const val BACKLOG = 5
        fun create(): HttpServer = HttpServer(80)
    }
    private val options = Options()
    val isOpen: Boolean
        get() = true
    // Starts.
    override fun start() {
        val local = 1
        run(local)
    }
}

interface Shape {
    fun area(): Double
}

enum class Color { RED, GREEN }

object Registry {
    fun find(name: String) = name
}

fun <T> List<T>.largest(): T = first()
)";

constexpr std::string_view kLua = R"(local M = {}
LIMIT = 10

--- Adds.
-- Slowly.
function M.add(a, b)
  local function inner() return a end
  local x = 1
  return inner() + b
end

local function helper() end
function M:close() self.open = false end
M.open = function(file)
  local handle = file
  return handle
end
local Account = { new = function() end, name = 1 }
M.count = 3
return M
)";

constexpr std::string_view kSwift = R"(import Foundation

let limit = 10
typealias Handler = (Request) -> Response

/// Serves.
@MainActor
public final class HttpServer: Server {
    static let backlog = 5
    private let options: Options
    var isOpen: Bool { return true }
    init(port: Int) {
        self.options = Options()
    }
    // Starts.
    func start() throws {
        let local = 1
        run(local)
    }
    struct Inner { let x: Int }
}

protocol Shape {
    func area() -> Double
}

enum Color { case red, green }

extension HttpServer: Closable {
    func close() {}
}

func top<T>(_ a: T) -> T { return a }
)";

constexpr std::string_view kZig = R"(const std = @import("std");
pub const limit: usize = 10;

/// Serves.
pub const HttpServer = struct {
    port: u16,
    const backlog = 5;

    /// Starts.
    pub fn start(self: *HttpServer) !void {
        const local = 1;
        run(local);
    }
};

pub const Color = enum { red, green };

var state: u8 = 0;

fn List(comptime T: type) type {
    return struct { items: []T };
}

test "starts" {
    const unused = 1;
}
)";

}  // namespace

const std::vector<Sample>& chunk_samples() {
  static const std::vector<Sample> samples{
      {"list.h",
       "c",
       kC,
       {"node", "color", "names", "list_count", "find_handler"},
       {"LIST_MAX", "LIST_EACH", "list_size", "node", "color", "names", "list_count", "find_handler"},
       {"LIST_H", "stat", "count", "RED"}},
      {"server.hpp",
       "cpp",
       kCpp,
       {"HttpServer", "HttpServer::HttpServer", "HttpServer::start", "HttpServer::Impl", "largest", "HttpServer::stop",
        "Cache::get"},
       {"Bytes", "Readable", "kLimit", "HttpServer", "~HttpServer", "operator=", "start", "Impl", "kBacklog", "largest",
        "stop", "get"},
       {"app", "net", "local", "options_", "port"}},
      {"account.py",
       "python",
       kPython,
       {"top", "Account", "Account.owner", "Account.close"},
       {"LIMIT", "_private", "top", "Account", "owner", "close"},
       {"local", "inner"}},
      {"store.mjs",
       "javascript",
       kJavaScript,
       {"load", "walk", "Store", "Store.create", "Store.onClick", "Store.prototype.save"},
       {"fs", "load", "walk", "Store", "create", "onClick", "save"},
       {"local", "join"}},
      {"shapes.ts",
       "typescript",
       kTypeScript,
       {"Shape", "Id", "Color", "external", "Geometry", "Geometry.unit", "Circle", "Circle.area", "Base"},
       {"Shape", "area", "Id", "Color", "Mode", "external", "Geometry", "unit", "Circle", "Base", "run"},
       {"radius"}},
      {"button.tsx", "tsx", kTsx, {"Button", "Card"}, {"Button", "Card"}},
      {"server.go",
       "go",
       kGo,
       {"MaxConns", "ErrClosed", "Handler", "Server", "Server.Start", "List.Len", "New"},
       {"MaxConns", "minConns", "ErrClosed", "Handler", "Serve", "Server", "Alias", "Start", "Len", "New"},
       {"local", "addr"}},
      {"point.rs",
       "rust",
       kRust,
       {"LIMIT", "Point", "Kind", "Area", "Point::area", "Point::new", "tests::works", "top"},
       {"LIMIT", "NAME", "Id", "twice", "Point", "Kind", "Area", "area", "new", "tests", "works", "top"},
       {"x", "A"}},
      {"Queue.java",
       "java",
       kJava,
       {"Queue", "Queue.Queue", "Queue.add", "Queue.Mode", "Queue.Visitor", "Pair"},
       {"Queue", "LIMIT", "add", "Mode", "Visitor", "visit", "Pair"},
       {"size", "local", "ON"}},
      {"Store.cs",
       "csharp",
       kCSharp,
       {"IStore", "Store", "Store.Name", "Store.Save", "Mode", "Point", "Changed"},
       {"IStore", "Store", "Limit", "Name", "Save", "Mode", "Point", "Changed"},
       {"local", "App"}},
      {"circle.php",
       "php",
       kPhp,
       {"LIMIT", "Shape", "Circle", "Circle::area", "helper"},
       {"LIMIT", "Shape", "area", "Loud", "Circle", "PI", "helper"},
       {"App"}},
      {"invoice.rb",
       "ruby",
       kRuby,
       {"LIMIT", "Billing", "Billing::Invoice", "Billing::Invoice#total", "helper"},
       {"LIMIT", "Billing", "Invoice", "RATE", "build", "total", "helper"},
       {"local"}},
      {"HttpServer.kt",
       "kotlin",
       kKotlin,
       {"LIMIT", "HttpServer", "HttpServer.BACKLOG", "HttpServer.create", "HttpServer.isOpen", "HttpServer.start",
        "Shape", "Color", "Registry", "Registry.find", "largest"},
       {"LIMIT", "Handler", "HttpServer", "BACKLOG", "create", "isOpen", "start", "Shape", "area", "Color", "Registry",
        "find", "largest"},
       {"local", "options", "port", "RED"}},
      {"account.lua",
       "lua",
       kLua,
       {"M", "LIMIT", "M.add", "helper", "M:close", "M.open", "Account"},
       {"M", "LIMIT", "add", "helper", "close", "open", "Account", "new"},
       {"inner", "x", "handle", "name", "count"}},
      {"HttpServer.swift",
       "swift",
       kSwift,
       {"limit", "Handler", "HttpServer", "HttpServer.backlog", "HttpServer.isOpen", "HttpServer.init",
        "HttpServer.start", "HttpServer.Inner", "Shape", "Color", "HttpServer.close", "top"},
       {"limit", "Handler", "HttpServer", "backlog", "isOpen", "init", "start", "Inner", "Shape", "area", "Color",
        "close", "top"},
       {"local", "options", "x", "red"}},
      {"server.zig",
       "zig",
       kZig,
       {"limit", "HttpServer", "HttpServer.start", "Color", "state", "List"},
       {"limit", "HttpServer", "backlog", "start", "Color", "state", "List"},
       {"std", "local", "port", "red", "unused"}},
      {"greet.sh", "bash", kBash, {"ROOT", "greet", "leave"}, {"ROOT", "COUNT", "greet", "leave"}, {"name"}},
  };
  return samples;
}

}  // namespace codehelper::test
