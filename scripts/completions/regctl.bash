# Completion of regctl-gc and regctl-audit for bash: the options that --help tells, the words that it lists for their
# values, files where a file is meant, and directories for ROOT.

_regctl() {
  local program=$1 word=$2 before=$3 help value=
  help=$("$program" --help 2>/dev/null) || return
  # What stands behind the option before the cursor: "DUR", or "yes|no".
  [[ $before != -* ]] || value=$(sed -nE "s/^ *(-., )*$before(, --[a-z-]+)? ([^ ]+)( .*)?\$/\3/p" <<<"$help")
  case $value in
    '') ;;
    *FILE* | *PATH*)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    *[a-z]\|[a-z]*)
      mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$word")
      return
      ;;
    *) return ;;
  esac
  if [[ $word = -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE '^ *(-., )*--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')" -- "$word")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
  fi
}
complete -F _regctl regctl-gc regctl-audit
