# Completion of regctl-gc and regctl-audit for fish: the options that --help tells, the words that it lists for their
# values, files where a file is meant, and directories for ROOT.
for program in regctl-gc regctl-audit
    complete -c $program -f -a '(__fish_complete_directories)'
    # "  -m, --delete-untagged         also manifests that no tag reaches"
    for line in (command $program --help 2>/dev/null | string match -r -- '^ {2,6}-.*')
        set -l name (string match -rg -- '--([a-z-]+)' $line)
        set -l letter (string match -rg -- '^ *-(\w),' $line)
        set -l value (string match -rg -- '--[a-z-]+ (\S+)' $line)
        set -l option -l $name[1]
        test -n "$letter"; and set -a option -s $letter
        if string match -qr -- '[a-z]\|[a-z]' "$value"
            set -a option -x -a (string replace -a '|' ' ' -- $value)
        else if string match -qr -- 'FILE|PATH' "$value"
            set -a option -r -F
        else if test -n "$value"
            set -a option -x
        end
        set -l about (string match -rg -- ' {2,}(\w.*)$' $line)
        complete -c $program $option -d "$about[1]"
    end
end
