# Completion of bay for fish: bay completion fish | source
function __bay_complete
    set -l words (commandline -opc)
    # Variables may be set in front of the command, and its host is then known from them.
    set -l set
    while string match -qr '^\w+=' -- "$words[1]"
        set -a set $words[1]
        set -e words[1]
    end
    set -e words[1]
    # What was typed of the word, as the program would get it; a quote may still be open.
    set -l raw (commandline -ct)
    set -l typed (string match -rg '^["\'](.*)' -- "$raw"; or string unescape -- "$raw"; or printf '%s\n' "$raw")
    set -l found (env $set bay __complete $words "$typed" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$typed"
    end
end
complete -c bay -f -a '(__bay_complete)'
